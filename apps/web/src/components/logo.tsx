/** A battlement: the product's mark, in the colour of the text around it. */
export const Logo = ({ size = 18 }: { readonly size?: number }) => (
  <svg width={size} height={size} viewBox="0 0 18 18" aria-hidden>
    <path d="M1 16V6.5h3V9h3V6.5h4V9h3V6.5h3V16z" fill="currentColor" />
  </svg>
);
