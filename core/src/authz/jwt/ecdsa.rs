//! ECDSA over the curves of ES256, ES384 and ES512, in the arithmetic that RSA needs anyway: crates of these curves
//! weigh 60 kB in the page, a tenth of it. It only verifies, and says what a proxy would; slow, and not in constant time,
//! which is of no matter where all that it reads is public.

use rsa::BigUint;

/// `y² = x³ - 3x + b` over the integers modulo `p`, with a base point of order `n`.
struct Curve {
    p: BigUint,
    n: BigUint,
    b: BigUint,
    base: Point,
}

/// In Jacobian coordinates; `z` of zero is the point at infinity.
#[derive(Clone)]
struct Point {
    x: BigUint,
    y: BigUint,
    z: BigUint,
}

/// FIPS 186-4, D.1.2.3: p, n, b, x, y.
const P256: [&str; 5] = [
    "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
    "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
    "5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b",
    "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
];

/// FIPS 186-4, D.1.2.4.
const P384: [&str; 5] = [
    "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff",
    "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973",
    "b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef",
    "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7",
    "3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f",
];

/// FIPS 186-4, D.1.2.5.
const P521: [&str; 5] = [
    "01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409",
    "0051953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00",
    "00c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3dbaa14b5e77efe75928fe1dc127a2ffa8de3348b3c1856a429bf97e7e31c2e5bd66",
    "011839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17273e662c97ee72995ef42640c550b9013fad0761353c7086a272c24088be94769fd16650",
];

/// Whether a key of a curve confirms a signature over a digest; `None`: the curve is another, or the numbers are no key
/// and no signature of it.
pub(super) fn confirms(
    curve: &str,
    x: &[u8],
    y: &[u8],
    digest: &[u8],
    signature: &[u8],
) -> Option<bool> {
    let curve = match curve {
        "P-256" => Curve::read(P256),
        "P-384" => Curve::read(P384),
        "P-521" => Curve::read(P521),
        _ => None,
    }?;
    let key = curve.point(BigUint::from_bytes_be(x), BigUint::from_bytes_be(y))?;
    let (r, s) = signature.split_at_checked(signature.len() / 2)?;
    let r = curve.scalar(r)?;
    let s = curve.scalar(s)?;
    let one = BigUint::from(1u8);
    let two = BigUint::from(2u8);
    // The order is a prime, so this is the inverse.
    let inverse = s.modpow(&(&curve.n - &two), &curve.n);
    let sum = curve.sum_of_products(
        &(curve.truncated(digest) * &inverse % &curve.n),
        &(&r * &inverse % &curve.n),
        &key,
    );
    let z = sum.z.modpow(&(&curve.p - &two), &curve.p);
    let affine = &sum.x * (&z * &z % &curve.p) % &curve.p;
    Some(sum.z >= one && affine % &curve.n == r)
}

impl Curve {
    fn read([p, n, b, x, y]: [&str; 5]) -> Option<Self> {
        let number = |text: &str| BigUint::parse_bytes(text.as_bytes(), 16);
        Some(Self {
            p: number(p)?,
            n: number(n)?,
            b: number(b)?,
            base: Point {
                x: number(x)?,
                y: number(y)?,
                z: BigUint::from(1u8),
            },
        })
    }

    /// The point, if it is on the curve.
    fn point(&self, x: BigUint, y: BigUint) -> Option<Point> {
        if x >= self.p || y >= self.p {
            return None;
        }
        let cube = &x * &x % &self.p * &x;
        let right = self.less(&(cube + &self.b), &(&x * 3u8));
        (&y * &y % &self.p == right).then_some(Point {
            x,
            y,
            z: BigUint::from(1u8),
        })
    }

    /// A half of a signature.
    fn scalar(&self, bytes: &[u8]) -> Option<BigUint> {
        let number = BigUint::from_bytes_be(bytes);
        (number >= BigUint::from(1u8) && number < self.n).then_some(number)
    }

    /// The leftmost bits of a digest, as many as the order has.
    fn truncated(&self, digest: &[u8]) -> BigUint {
        let excess = (digest.len() * 8).saturating_sub(self.n.bits());
        BigUint::from_bytes_be(digest) >> excess
    }

    /// `left - right`, modulo `p`.
    fn less(&self, left: &BigUint, right: &BigUint) -> BigUint {
        (left % &self.p + &self.p - right % &self.p) % &self.p
    }

    /// `left * base + right * key`, bit by bit.
    fn sum_of_products(&self, left: &BigUint, right: &BigUint, key: &Point) -> Point {
        let both = self.add(&self.base, key);
        let bits = left.bits().max(right.bits());
        let mut sum = Point {
            x: BigUint::from(1u8),
            y: BigUint::from(1u8),
            z: BigUint::from(0u8),
        };
        for place in (0..bits).rev() {
            let bit = |number: &BigUint| (number >> place) % 2u8 == BigUint::from(1u8);
            sum = self.double(&sum);
            match (bit(left), bit(right)) {
                (true, true) => sum = self.add(&sum, &both),
                (true, false) => sum = self.add(&sum, &self.base),
                (false, true) => sum = self.add(&sum, key),
                (false, false) => {}
            }
        }
        sum
    }

    fn times(&self, left: &BigUint, right: &BigUint) -> BigUint {
        left * right % &self.p
    }

    /// Explicit-Formulas Database, `dbl-2001-b`.
    fn double(&self, point: &Point) -> Point {
        let delta = self.times(&point.z, &point.z);
        let gamma = self.times(&point.y, &point.y);
        let beta = self.times(&point.x, &gamma);
        let alpha = self.times(&(self.less(&point.x, &delta) * 3u8), &(&point.x + &delta));
        let x = self.less(&self.times(&alpha, &alpha), &(&beta * 8u8));
        let y_and_z = &point.y + &point.z;
        let z = self.less(&self.times(&y_and_z, &y_and_z), &(gamma.clone() + delta));
        let y = self.less(
            &(&alpha * self.less(&(&beta * 4u8), &x)),
            &(self.times(&gamma, &gamma) * 8u8),
        );
        Point { x, y, z }
    }

    /// Explicit-Formulas Database, `add-2007-bl` without its shortcuts.
    fn add(&self, left: &Point, right: &Point) -> Point {
        let zero = BigUint::from(0u8);
        if left.z == zero {
            return right.clone();
        }
        if right.z == zero {
            return left.clone();
        }
        let left_square = self.times(&left.z, &left.z);
        let right_square = self.times(&right.z, &right.z);
        let left_x = self.times(&left.x, &right_square);
        let right_x = self.times(&right.x, &left_square);
        let left_y = self.times(&left.y, &self.times(&right.z, &right_square));
        let right_y = self.times(&right.y, &self.times(&left.z, &left_square));
        let width = self.less(&right_x, &left_x);
        let rise = self.less(&right_y, &left_y);
        if width == zero && rise == zero {
            return self.double(left);
        }
        let square = self.times(&width, &width);
        let cube = self.times(&width, &square);
        let shared = self.times(&left_x, &square);
        let x = self.less(&self.times(&rise, &rise), &(&cube + &shared * 2u8));
        let y = self.less(&(&rise * self.less(&shared, &x)), &(&left_y * &cube));
        let z = self.times(&self.times(&left.z, &right.z), &width);
        Point { x, y, z }
    }
}

#[cfg(test)]
mod tests {
    use p256::ecdsa::signature::hazmat::{PrehashSigner, PrehashVerifier};
    use p256::ecdsa::{Signature, SigningKey};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        /// Keys, digests (of each algorithm's length) and signatures, whole and tampered with, as another
        /// implementation judges them.
        #[test]
        fn as_the_crate_of_the_curve(
            secret in prop::array::uniform32(1u8..=254),
            digest in prop::collection::vec(any::<u8>(), 32..=64),
            place in 0usize..64,
            change in 0u8..=1,
        ) {
            let key = SigningKey::from_slice(&secret).unwrap();
            let signature: Signature = key.sign_prehash(&digest).unwrap();
            let mut signature = signature.to_bytes();
            signature[place] ^= change;
            let expected = Signature::from_slice(&signature)
                .is_ok_and(|it| key.verifying_key().verify_prehash(&digest, &it).is_ok());
            prop_assert_eq!(expected, change == 0);
            let point = key.verifying_key().to_encoded_point(false);
            let (x, y) = (point.x().unwrap(), point.y().unwrap());
            let confirmed = confirms("P-256", x, y, &digest, &signature).unwrap_or(false);
            prop_assert_eq!(confirmed, expected);
        }
    }
}
