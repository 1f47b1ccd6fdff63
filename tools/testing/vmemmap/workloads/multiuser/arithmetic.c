// SPDX-License-Identifier: GPL-2.0
/* Jobs that compute and ask nothing of the kernel. Each checks its result. */
#include <stdbool.h>
#include <stdint.h>

#include "jobs.h"

#define LOOPS		60000
#define LIMIT		8192		/* of primes */
#define PRIMES		1028		/* that many are below LIMIT */
#define SIDE		24		/* of a matrix */
#define CELLS		4096

/*
 * Operands are volatile: each operation is carried out. The numbers are small enough to be exact
 * in every type.
 */
#define DEFINE_ARITHMETIC(type, kind)							\
static int add_##kind(struct task *task)						\
{											\
	volatile type one = 11, other = 5;						\
	unsigned int i;									\
	type sum = 0;									\
											\
	for (i = 0; i < LOOPS * task->scale; i++) {					\
		sum = (type)(sum + one);						\
		sum = (type)(sum + other);						\
		sum = (type)(sum - one);						\
		sum = (type)(sum - other);						\
	}										\
	return sum == 0 ? 0 : wrong(task, "the sum");					\
}											\
											\
static int multiply_##kind(struct task *task)						\
{											\
	volatile type one = -1, other = -1;						\
	type product = 77;								\
	unsigned int i;									\
											\
	for (i = 0; i < LOOPS * task->scale; i++) {					\
		product = (type)(product * one);					\
		product = (type)(product * other);					\
		product = (type)(product * one);					\
		product = (type)(product * other);					\
	}										\
	return product == 77 ? 0 : wrong(task, "the product");				\
}											\
											\
static int divide_##kind(struct task *task)						\
{											\
	volatile type whole = 3906, part = 93, rest = 42;				\
	unsigned int i;									\
	bool right = true;								\
											\
	for (i = 0; i < LOOPS / 2 * task->scale; i++) {					\
		right &= (type)(whole / part) == 42;					\
		right &= (type)(whole / rest) == 93;					\
	}										\
	return right ? 0 : wrong(task, "the quotient");					\
}

DEFINE_ARITHMETIC(short, short)
DEFINE_ARITHMETIC(int, int)
DEFINE_ARITHMETIC(long, long)
DEFINE_ARITHMETIC(float, float)
DEFINE_ARITHMETIC(double, double)

static bool near(double a, double b)
{
	double distance = a - b;

	return distance < 0.000000001 && distance > -0.000000001;
}

/* A matrix that moves rows round, to the power of its side, is the identity. */
static int multiply_matrices(struct task *task)
{
	static double power[SIDE][SIDE], next[SIDE][SIDE], move[SIDE][SIDE];
	unsigned int round, i, j, k;

	for (round = 0; round < task->scale; round++) {
		for (i = 0; i < SIDE; i++)
			for (j = 0; j < SIDE; j++) {
				power[i][j] = i == j;
				move[i][j] = (i + 1) % SIDE == j;
			}
		for (k = 0; k < SIDE; k++) {
			unsigned int l;

			for (i = 0; i < SIDE; i++)
				for (j = 0; j < SIDE; j++) {
					double sum = 0;

					for (l = 0; l < SIDE; l++)
						sum += power[i][l] * move[l][j];
					next[i][j] = sum;
				}
			for (i = 0; i < SIDE; i++)
				for (j = 0; j < SIDE; j++)
					power[i][j] = next[i][j];
		}
		for (i = 0; i < SIDE; i++)
			for (j = 0; j < SIDE; j++)
				if (power[i][j] != (i == j))
					return wrong(task, "the matrix");
	}
	return 0;
}

/* Square roots by Newton's method. */
static int find_roots(struct task *task)
{
	unsigned int i, step;

	for (i = 1; i <= 1500 * task->scale; i++) {
		double number = i % 1000 + 2, root = number;

		for (step = 0; step < 14; step++)
			root = (root + number / root) / 2;
		if (!near(root * root / number, 1))
			return wrong(task, "the root");
	}
	return 0;
}

/* e by its power series. */
static int add_series(struct task *task)
{
	volatile double one = 1;
	unsigned int i, k;

	for (i = 0; i < 3000 * task->scale; i++) {
		double sum = one, term = one;

		for (k = 1; k < 20; k++) {
			term /= k;
			sum += term;
		}
		if (!near(sum, 2.718281828459045))
			return wrong(task, "e");
	}
	return 0;
}

/* Sine and cosine by their power series, up to a quarter of a turn. */
static int turn_angles(struct task *task)
{
	unsigned int i, k;

	for (i = 0; i < 2000 * task->scale; i++) {
		double x = (i % 157) / 100.0, term = 1, sine = 0, cosine = 0;

		for (k = 1; k < 24; k += 2) {
			cosine += term;
			term *= x / k;
			sine += term;
			term *= -x / (k + 1);
		}
		if (!near(sine * sine + cosine * cosine, 1))
			return wrong(task, "the angle");
	}
	return 0;
}

static int sieve_primes(struct task *task)
{
	static unsigned char composite[LIMIT];
	unsigned int round, i, j, count;

	for (round = 0; round < 3 * task->scale; round++) {
		for (i = 0; i < LIMIT; i++)
			composite[i] = 0;
		for (count = 0, i = 2; i < LIMIT; i++) {
			if (composite[i])
				continue;
			count++;
			for (j = 2 * i; j < LIMIT; j += i)
				composite[j] = 1;
		}
		if (count != PRIMES)
			return wrong(task, "the number of primes");
	}
	return 0;
}

/* Greatest common divisors. */
static int reduce_fractions(struct task *task)
{
	unsigned int i;

	for (i = 1; i <= 4000 * task->scale; i++) {
		uint64_t factor = i % 91 + 1, a = factor * 46368, b = factor * 28657;

		while (b) {
			uint64_t rest = a % b;

			a = b;
			b = rest;
		}
		/* neighbours in the sequence of Fibonacci have no divisor in common */
		if (a != factor)
			return wrong(task, "the divisor");
	}
	return 0;
}

/* Follows indices through an array, once round. */
static int chase_indices(struct task *task)
{
	static unsigned int next[CELLS];
	unsigned int round, i, at, steps;

	for (i = 0; i < CELLS; i++)
		next[i] = (i * 5 + 1) % CELLS;
	for (round = 0; round < 16 * task->scale; round++) {
		for (steps = 1, at = next[0]; at && steps <= CELLS; steps++)
			at = next[at];
		if (steps != CELLS)
			return wrong(task, "the way round");
	}
	return 0;
}

const struct job arithmetic_jobs[] = {
	{ "add-short", "adds and subtracts shorts", add_short },
	{ "add-int", "the same with ints", add_int },
	{ "add-long", "the same with longs", add_long },
	{ "add-float", "the same with floats", add_float },
	{ "add-double", "the same with doubles", add_double },
	{ "multiply-short", "multiplies shorts", multiply_short },
	{ "multiply-int", "the same with ints", multiply_int },
	{ "multiply-long", "the same with longs", multiply_long },
	{ "multiply-float", "the same with floats", multiply_float },
	{ "multiply-double", "the same with doubles", multiply_double },
	{ "divide-short", "divides shorts", divide_short },
	{ "divide-int", "the same with ints", divide_int },
	{ "divide-long", "the same with longs", divide_long },
	{ "divide-float", "the same with floats", divide_float },
	{ "divide-double", "the same with doubles", divide_double },
	{ "matrices", "multiplies matrices", multiply_matrices },
	{ "roots", "finds square roots step by step", find_roots },
	{ "series", "adds a power series up", add_series },
	{ "angles", "computes sines and cosines", turn_angles },
	{ "primes", "finds primes with a sieve", sieve_primes },
	{ "fractions", "finds greatest common divisors", reduce_fractions },
	{ "indices", "follows indices through an array", chase_indices },
	{ }
};
