export const FeedsPage = () => <h1>FeedsPage</h1>;
