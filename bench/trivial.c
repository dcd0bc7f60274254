/* A program that does nothing: what is measured is its start. */
int main(void)
{
	return 0;
}
