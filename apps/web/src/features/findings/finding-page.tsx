export const FindingPage = () => <h1>FindingPage</h1>;
