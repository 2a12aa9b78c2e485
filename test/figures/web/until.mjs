// Waits in a page whose policy forbids making code of text, which is how the browser's driver would wait by itself.
const LIMIT_MS = 30_000;

/** Resolves when `expression` holds in the page. */
export async function until(page, expression) {
  const end = performance.now() + LIMIT_MS;
  while (!(await page.evaluate(expression))) {
    if (performance.now() > end) throw new Error(`waited in vain until ${expression}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
