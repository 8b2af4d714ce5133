/* A library that a plugin needs and that is not installed beside it. */
__attribute__((visibility("default"))) int conductor_test_absent(void);
int conductor_test_absent(void) {
    return 1;
}
