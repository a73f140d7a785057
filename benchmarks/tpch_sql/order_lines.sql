SELECT l_orderkey, l_linenumber, o_orderdate, c_name, n_name, p_name, l_quantity, l_extendedprice,
    row_number() OVER (PARTITION BY o_custkey ORDER BY o_orderdate, l_orderkey, l_linenumber) AS place
FROM {lineitem}
JOIN {orders} ON o_orderkey = l_orderkey
JOIN {customer} ON c_custkey = o_custkey
JOIN {nation} ON n_nationkey = c_nationkey
JOIN {part} ON p_partkey = l_partkey
WHERE l_shipdate >= DATE '1997-01-01'
