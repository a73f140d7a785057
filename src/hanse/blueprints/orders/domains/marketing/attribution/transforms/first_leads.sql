-- The lead that gets the credit for a customer: the first one. Some channels are written in capitals, a known defect.
SELECT customer_id, lead_id, lower(channel) AS channel
FROM leads
WHERE customer_id IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY customer_id ORDER BY created_on, lead_id) = 1
