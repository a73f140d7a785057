-- Which channels bring the most, and whose customers wait longest?
SELECT channel, customers, orders, revenue, round(revenue / customers, 2) AS revenue_per_customer, round(mean_days_to_ship, 2) AS days_to_ship
FROM marketing.attribution.channel_results
ORDER BY revenue DESC
