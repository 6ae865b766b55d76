/** The version this sensor was built as; the bundle carries the product's. */
export const sensorVersion = '0.1.0';
