CREATE TABLE "notes" ("id" serial PRIMARY KEY NOT NULL, "text" text NOT NULL);
--> statement-breakpoint
INSERT INTO "notes" ("text") VALUES ('from a migration');
