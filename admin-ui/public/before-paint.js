// Sets theme and language on <html> before the first paint, so that nobody sees a white flash in a dark room.
// A file of its own because the pages' content security policy forbids inline scripts.
(function () {
  var root = document.documentElement;
  var theme = null;
  var language = null;
  try {
    theme = localStorage.getItem('cordboard.theme');
    language = localStorage.getItem('cordboard.language');
  } catch (_) {
    // storage may be switched off: follow the system then
  }
  var dark = theme === 'dark' || (theme !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  root.classList.toggle('dark', dark);
  root.lang = language || (/^zh/i.test(navigator.language) ? 'zh-CN' : 'en');
})();
