-- How many leads of each channel became customers?
SELECT lower(channel) AS channel, count(*) AS leads, round(100 * count(customer_id) / count(*), 1) AS converted_percent
FROM marketing.leads.leads
GROUP BY ALL
ORDER BY leads DESC
