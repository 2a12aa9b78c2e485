import type { BoardsDraft, BoardsState } from '@cordboard/daemon/contract';
import { api, told } from '@/api/client';

/** Everything that is set up of boards at once, as the box keeps it. */
export const putBoards = (body: BoardsDraft): Promise<BoardsState> =>
  told(api.PUT('/api/v1/boards', { body: body as never }));
