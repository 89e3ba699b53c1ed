CREATE UNIQUE INDEX emails_one_welcome ON emails (customer_id) WHERE subject = 'Welcome';
