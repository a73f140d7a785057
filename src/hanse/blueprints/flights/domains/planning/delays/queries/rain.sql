-- How much does rain add to a departure's delay, carrier by carrier?
SELECT name, round(mean_departure_delay, 1) AS all_flights, round(mean_departure_delay_in_rain, 1) AS in_rain
FROM planning.delays.carrier_delays
ORDER BY mean_departure_delay_in_rain - mean_departure_delay DESC
