DELETE FROM reviews AS later USING reviews AS first
WHERE (later.product_id, later.customer_id) = (first.product_id, first.customer_id) AND later.id > first.id;
CREATE UNIQUE INDEX reviews_product_id_customer_id_key ON reviews (product_id, customer_id);
