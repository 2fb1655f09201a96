// The columns of an entry that this version knows.
export const columns = ['id', 'name', 'message', 'written_at', 'mood'];
