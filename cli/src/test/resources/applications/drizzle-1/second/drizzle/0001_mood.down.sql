ALTER TABLE "notes" DROP COLUMN "mood";
