-- Who arrives latest? Carriers with at least a thousand flights.
SELECT name, flights, round(mean_arrival_delay, 1) AS mean_arrival_delay, round(100 * cancelled_share, 1) AS cancelled_percent
FROM planning.delays.carrier_delays
WHERE flights >= 1000
ORDER BY mean_arrival_delay DESC
