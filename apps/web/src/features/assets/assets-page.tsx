export const AssetsPage = () => <h1>AssetsPage</h1>;
