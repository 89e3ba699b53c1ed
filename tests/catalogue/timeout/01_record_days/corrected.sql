CREATE INDEX daily_sales_revenue_idx ON daily_sales (revenue);
