ALTER TABLE "notes" ADD COLUMN "mood" text DEFAULT 'cheerful' NOT NULL;
