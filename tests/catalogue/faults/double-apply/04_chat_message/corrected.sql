ALTER TABLE messages ADD COLUMN client_key uuid UNIQUE;
