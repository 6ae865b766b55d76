export const TokensPage = () => <h1>TokensPage</h1>;
