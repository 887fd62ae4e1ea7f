-- The demo's facts. Years as published by NASA and the agencies themselves; radii are mean radii in whole kilometres.
-- The number says whose file this is: a file without it is never replaced.
PRAGMA application_id = 1919706994;

CREATE TABLE people (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  born INTEGER NOT NULL
);

CREATE TABLE bodies (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL CHECK (kind IN ('star', 'planet', 'dwarf planet', 'moon')),
  orbits INTEGER REFERENCES bodies (id),
  radius_km INTEGER NOT NULL,
  discovered INTEGER, -- the year; null where it was always known
  discoverer INTEGER REFERENCES people (id)
);

CREATE TABLE agencies (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  title TEXT NOT NULL
);

CREATE TABLE missions (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  agency INTEGER NOT NULL REFERENCES agencies (id),
  launched INTEGER NOT NULL,
  named_after INTEGER REFERENCES people (id)
);

CREATE TABLE visits (
  mission INTEGER NOT NULL REFERENCES missions (id),
  body INTEGER NOT NULL REFERENCES bodies (id),
  how TEXT NOT NULL CHECK (how IN ('flyby', 'orbit', 'landing')),
  year INTEGER NOT NULL,
  PRIMARY KEY (mission, body)
);

-- what an element is named after is a body or a person: no foreign key can say so, a registered relation can
CREATE TABLE elements (
  number INTEGER PRIMARY KEY,
  symbol TEXT NOT NULL,
  name TEXT NOT NULL,
  namesake_collection TEXT NOT NULL,
  namesake TEXT NOT NULL
);

INSERT INTO people (id, name, born) VALUES
  (1, 'Nicolaus Copernicus', 1473),
  (2, 'Galileo Galilei', 1564),
  (3, 'Giovanni Domenico Cassini', 1625),
  (4, 'Christiaan Huygens', 1629),
  (5, 'William Herschel', 1738),
  (6, 'Giuseppe Piazzi', 1746),
  (7, 'William Lassell', 1799),
  (8, 'Johann Galle', 1812),
  (9, 'Asaph Hall', 1829),
  (10, 'Alfred Nobel', 1833),
  (11, 'Dmitri Mendeleev', 1834),
  (12, 'Lise Meitner', 1878),
  (13, 'Albert Einstein', 1879),
  (14, 'Enrico Fermi', 1901),
  (15, 'Gerard Kuiper', 1905),
  (16, 'Clyde Tombaugh', 1906),
  (17, 'Eugene Parker', 1927),
  (18, 'James Christy', 1938);

INSERT INTO bodies (id, name, kind, orbits, radius_km, discovered, discoverer) VALUES
  (1, 'Sun', 'star', NULL, 695700, NULL, NULL),
  (2, 'Mercury', 'planet', 1, 2440, NULL, NULL),
  (3, 'Venus', 'planet', 1, 6052, NULL, NULL),
  (4, 'Earth', 'planet', 1, 6371, NULL, NULL),
  (5, 'Mars', 'planet', 1, 3390, NULL, NULL),
  (6, 'Jupiter', 'planet', 1, 69911, NULL, NULL),
  (7, 'Saturn', 'planet', 1, 58232, NULL, NULL),
  (8, 'Uranus', 'planet', 1, 25362, 1781, 5),
  (9, 'Neptune', 'planet', 1, 24622, 1846, 8),
  (10, 'Ceres', 'dwarf planet', 1, 470, 1801, 6),
  (11, 'Pluto', 'dwarf planet', 1, 1188, 1930, 16),
  (12, 'Moon', 'moon', 4, 1737, NULL, NULL),
  (13, 'Phobos', 'moon', 5, 11, 1877, 9),
  (14, 'Deimos', 'moon', 5, 6, 1877, 9),
  (15, 'Io', 'moon', 6, 1822, 1610, 2),
  (16, 'Europa', 'moon', 6, 1561, 1610, 2),
  (17, 'Ganymede', 'moon', 6, 2634, 1610, 2),
  (18, 'Callisto', 'moon', 6, 2410, 1610, 2),
  (19, 'Titan', 'moon', 7, 2575, 1655, 4),
  (20, 'Iapetus', 'moon', 7, 734, 1671, 3),
  (21, 'Rhea', 'moon', 7, 764, 1672, 3),
  (22, 'Tethys', 'moon', 7, 531, 1684, 3),
  (23, 'Dione', 'moon', 7, 561, 1684, 3),
  (24, 'Enceladus', 'moon', 7, 252, 1789, 5),
  (25, 'Mimas', 'moon', 7, 198, 1789, 5),
  (26, 'Titania', 'moon', 8, 789, 1787, 5),
  (27, 'Oberon', 'moon', 8, 761, 1787, 5),
  (28, 'Ariel', 'moon', 8, 579, 1851, 7),
  (29, 'Umbriel', 'moon', 8, 585, 1851, 7),
  (30, 'Miranda', 'moon', 8, 236, 1948, 15),
  (31, 'Triton', 'moon', 9, 1353, 1846, 7),
  (32, 'Charon', 'moon', 11, 606, 1978, 18);

INSERT INTO agencies (id, name, title) VALUES
  (1, 'NASA', 'National Aeronautics and Space Administration'),
  (2, 'ESA', 'European Space Agency'),
  (3, 'ISRO', 'Indian Space Research Organisation'),
  (4, 'JAXA', 'Japan Aerospace Exploration Agency'),
  (5, 'USSR', 'Soviet space programme');

INSERT INTO missions (id, name, agency, launched, named_after) VALUES
  (1, 'Luna 9', 5, 1966, NULL),
  (2, 'Apollo 11', 1, 1969, NULL),
  (3, 'Venera 7', 5, 1970, NULL),
  (4, 'Pioneer 10', 1, 1972, NULL),
  (5, 'Pioneer 11', 1, 1973, NULL),
  (6, 'Mariner 10', 1, 1973, NULL),
  (7, 'Viking 1', 1, 1975, NULL),
  (8, 'Voyager 2', 1, 1977, NULL),
  (9, 'Voyager 1', 1, 1977, NULL),
  (10, 'Magellan', 1, 1989, NULL),
  (11, 'Galileo', 1, 1989, 2),
  (12, 'Cassini', 1, 1997, 3),
  (13, 'Huygens', 2, 1997, 4),
  (14, 'Mars Express', 2, 2003, NULL),
  (15, 'MESSENGER', 1, 2004, NULL),
  (16, 'Venus Express', 2, 2005, NULL),
  (17, 'New Horizons', 1, 2006, NULL),
  (18, 'Dawn', 1, 2007, NULL),
  (19, 'Chandrayaan-1', 3, 2008, NULL),
  (20, 'Akatsuki', 4, 2010, NULL),
  (21, 'Juno', 1, 2011, NULL),
  (22, 'Curiosity', 1, 2011, NULL),
  (23, 'Mars Orbiter Mission', 3, 2013, NULL),
  (24, 'Parker Solar Probe', 1, 2018, 17),
  (25, 'Chandrayaan-3', 3, 2023, NULL);

INSERT INTO visits (mission, body, how, year) VALUES
  (1, 12, 'landing', 1966),
  (2, 12, 'landing', 1969),
  (3, 3, 'landing', 1970),
  (4, 6, 'flyby', 1973),
  (5, 6, 'flyby', 1974),
  (5, 7, 'flyby', 1979),
  (6, 3, 'flyby', 1974),
  (6, 2, 'flyby', 1974),
  (7, 5, 'landing', 1976),
  (8, 6, 'flyby', 1979),
  (8, 7, 'flyby', 1981),
  (8, 8, 'flyby', 1986),
  (8, 9, 'flyby', 1989),
  (8, 31, 'flyby', 1989),
  (9, 6, 'flyby', 1979),
  (9, 7, 'flyby', 1980),
  (9, 19, 'flyby', 1980),
  (10, 3, 'orbit', 1990),
  (11, 3, 'flyby', 1990),
  (11, 6, 'orbit', 1995),
  (12, 6, 'flyby', 2000),
  (12, 7, 'orbit', 2004),
  (13, 19, 'landing', 2005),
  (14, 5, 'orbit', 2003),
  (15, 2, 'orbit', 2011),
  (16, 3, 'orbit', 2006),
  (17, 6, 'flyby', 2007),
  (17, 11, 'flyby', 2015),
  (17, 32, 'flyby', 2015),
  (18, 10, 'orbit', 2015),
  (19, 12, 'orbit', 2008),
  (20, 3, 'orbit', 2015),
  (21, 6, 'orbit', 2016),
  (22, 5, 'landing', 2012),
  (23, 5, 'orbit', 2014),
  (24, 3, 'flyby', 2018),
  (25, 12, 'landing', 2023);

INSERT INTO elements (number, symbol, name, namesake_collection, namesake) VALUES
  (2, 'He', 'helium', 'bodies', '1'),
  (34, 'Se', 'selenium', 'bodies', '12'),
  (52, 'Te', 'tellurium', 'bodies', '4'),
  (58, 'Ce', 'cerium', 'bodies', '10'),
  (80, 'Hg', 'mercury', 'bodies', '2'),
  (92, 'U', 'uranium', 'bodies', '8'),
  (93, 'Np', 'neptunium', 'bodies', '9'),
  (94, 'Pu', 'plutonium', 'bodies', '11'),
  (99, 'Es', 'einsteinium', 'people', '13'),
  (100, 'Fm', 'fermium', 'people', '14'),
  (101, 'Md', 'mendelevium', 'people', '11'),
  (102, 'No', 'nobelium', 'people', '10'),
  (109, 'Mt', 'meitnerium', 'people', '12'),
  (112, 'Cn', 'copernicium', 'people', '1');
