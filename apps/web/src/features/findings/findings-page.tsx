export const FindingsPage = () => <h1>FindingsPage</h1>;
