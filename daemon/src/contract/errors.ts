import { z } from 'zod';

export const ErrorDetail = z
  .strictObject({
    path: z.string().meta({ description: 'Where, for example nodes.welcome.next' }),
    message: z.string().meta({ description: 'A sentence in the language asked for' }),
  })
  .meta({ id: 'ErrorDetail' });
export type ErrorDetail = z.infer<typeof ErrorDetail>;

export const ErrorBody = z
  .strictObject({
    error: z.strictObject({
      code: z.string().meta({ description: 'Stable; made for programs' }),
      message: z.string().meta({ description: 'A sentence that names the thing and what to do' }),
      details: z.array(ErrorDetail),
    }),
  })
  .meta({ id: 'Error' });
export type ErrorBody = z.infer<typeof ErrorBody>;
