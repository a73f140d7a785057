-- Which airports lie within one degree of Kennedy?
SELECT a.faa, a.name, a.latitude, a.longitude
FROM airports.airports.airports AS a
JOIN airports.airports.airports AS jfk ON jfk.faa = 'JFK'
WHERE abs(a.latitude - jfk.latitude) < 1 AND abs(a.longitude - jfk.longitude) < 1
ORDER BY a.faa
