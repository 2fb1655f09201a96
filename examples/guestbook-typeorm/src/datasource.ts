import 'reflect-metadata';
import { DataSource } from 'typeorm';
import { Entry } from './entry.js';
import { CreateEntries1767225600000 } from './migration/1767225600000-create-entries.js';

// The platform says where the database is. Migrations are commands of their own, and never run at the start.
export default new DataSource({
  type: 'postgres',
  url: process.env.DBOS_DATABASE_URL || process.env.DATABASE_URL,
  entities: [Entry],
  migrations: [CreateEntries1767225600000],
  migrationsTransactionMode: 'each',
  synchronize: false,
  poolSize: 5,
});
