-- Which aircraft are the oldest still flying, and for whom? Those of American Airlines are a trap that the contract
-- warns of: the carrier reports fleet numbers, and some coincide with registrations of other people's old aircraft.
SELECT p.tailnum, p.year_built, p.manufacturer, p.model, a.name AS airline, count(*) AS flights
FROM airlines.flights.planes AS p
JOIN airlines.flights.flights AS f ON f.tailnum = p.tailnum
JOIN airlines.flights.airlines AS a ON a.carrier = f.carrier
WHERE p.year_built IS NOT NULL
GROUP BY p.tailnum, p.year_built, p.manufacturer, p.model, a.name
ORDER BY p.year_built, flights DESC
LIMIT 20
