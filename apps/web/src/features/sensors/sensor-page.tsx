export const SensorPage = () => <h1>SensorPage</h1>;
