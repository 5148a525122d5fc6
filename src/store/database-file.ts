/** The database's name in the data folder. */
export const DATABASE_FILE = 'entrepot.db';

/** What a service leaves in the data folder only once its database is there: the keys with which it signs. */
export const WRITTEN_AFTER = ['door-key', 'snapshot-key.pem'] as const;
