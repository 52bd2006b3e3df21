-- The tax that is inside the price of a visit, as its receipt names it: of what is earned it goes to gst_output.
ALTER TABLE payment_cases
    ADD COLUMN service_tax_percent numeric(5, 2) NOT NULL DEFAULT 0 CHECK (service_tax_percent BETWEEN 0 AND 100);
