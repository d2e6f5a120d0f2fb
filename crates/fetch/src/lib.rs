//! Objects of a listing to the bytes of their STAC items, many at once, in bounded memory.
