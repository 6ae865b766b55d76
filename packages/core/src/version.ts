/** The version of console, sensor and command line, which are released together; a test holds it against package.json. */
export const programVersion = '0.1.0';
