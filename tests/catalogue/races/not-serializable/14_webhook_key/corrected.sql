CREATE UNIQUE INDEX webhook_deliveries_nonce ON webhook_deliveries (tenant_id, (payload ->> 'nonce'));
