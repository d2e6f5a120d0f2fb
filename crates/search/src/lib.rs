//! From a query to pruned files, rows and items.
