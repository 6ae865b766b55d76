export const ScansPage = () => <h1>ScansPage</h1>;
