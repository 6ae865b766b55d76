export const SensorsPage = () => <h1>SensorsPage</h1>;
