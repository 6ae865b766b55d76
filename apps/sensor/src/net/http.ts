/**
 * Node's HTTP client without its face as an ES module. That face reads every export of the module, one of which loads a whole
 * second HTTP client (undici): memory that a sensor does not have to spare.
 */
export const { request } = process.getBuiltinModule('node:http');
