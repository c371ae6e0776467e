static inline int inl(int x) { 
  return x * 3 + 1;
}
