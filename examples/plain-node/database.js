import pg from 'pg';

// The platform says where the database is. Without it, the server on this machine that psql would take.
export const address = { connectionString: process.env.DBOS_DATABASE_URL || process.env.DATABASE_URL };
export const pool = () => new pg.Pool({ ...address, max: 5 });
export const client = () => new pg.Client(address);
