SELECT l_returnflag, l_linestatus, l_shipdate,
    sum(l_quantity) AS quantity, sum(l_extendedprice) AS base_price,
    CAST(sum(l_extendedprice * (1 - l_discount)) AS DECIMAL(38, 4)) AS discounted_price,
    avg(l_quantity) AS mean_quantity, avg(l_discount) AS mean_discount, count(*) AS lines
FROM {lineitem}
GROUP BY ALL
