export const AssetPage = () => <h1>AssetPage</h1>;
