-- On which days did it rain most? Precipitation in inches at the wettest of the three airports.
SELECT year, month, day, round(max(inches), 2) AS inches
FROM (
  SELECT origin, year, month, day, sum(precip) AS inches
  FROM weather.hourly.observations
  GROUP BY origin, year, month, day
) AS per_airport
GROUP BY year, month, day
ORDER BY inches DESC
LIMIT 10
