//! Functions on angles, and the two constants.

use super::*;

pub(super) const PI: Function = Function {
    name: "pi",
    aliases: &[],
    form: "pi()",
    about: "The circumference of a circle of diameter 1.",
    examples: &[("pi()", "3.141592653589793")],
    bind: |args, _| exactly::<0>(args).map(|_| Node::number(Number::Float(std::f64::consts::PI))),
};

pub(super) const E: Function = Function {
    name: "e",
    aliases: &[],
    form: "e()",
    about: "The base of the natural logarithm.",
    examples: &[("e()", "2.718281828459045")],
    bind: |args, _| exactly::<0>(args).map(|_| Node::number(Number::Float(std::f64::consts::E))),
};

pub(super) const SIN: Function = Function {
    name: "sin",
    aliases: &[],
    form: "sin(x)",
    about: "The sine of an angle in radians.",
    examples: &[("sin(0)", "0")],
    bind: |args, _| floats(args, f64::sin),
};

pub(super) const COS: Function = Function {
    name: "cos",
    aliases: &[],
    form: "cos(x)",
    about: "The cosine of an angle in radians.",
    examples: &[("cos(0)", "1")],
    bind: |args, _| floats(args, f64::cos),
};

pub(super) const TAN: Function = Function {
    name: "tan",
    aliases: &[],
    form: "tan(x)",
    about: "The tangent of an angle in radians.",
    examples: &[("tan(0)", "0")],
    bind: |args, _| floats(args, f64::tan),
};

pub(super) const ASIN: Function = Function {
    name: "asin",
    aliases: &[],
    form: "asin(x)",
    about: "The angle in radians that has this sine; NaN beyond -1 and 1.",
    examples: &[("asin(0)", "0")],
    bind: |args, _| floats(args, f64::asin),
};

pub(super) const ACOS: Function = Function {
    name: "acos",
    aliases: &[],
    form: "acos(x)",
    about: "The angle in radians that has this cosine; NaN beyond -1 and 1.",
    examples: &[("acos(1)", "0")],
    bind: |args, _| floats(args, f64::acos),
};

pub(super) const ATAN: Function = Function {
    name: "atan",
    aliases: &[],
    form: "atan(x)",
    about: "The angle in radians that has this tangent.",
    examples: &[("atan(0)", "0")],
    bind: |args, _| floats(args, f64::atan),
};

pub(super) const ATAN2: Function = Function {
    name: "atan2",
    aliases: &[],
    form: "atan2(y, x)",
    about: "The angle in radians between the x axis and the point (x, y).",
    examples: &[("atan2(0, 1)", "0")],
    bind: |args, _| floats2(args, |y, x| (y + 0.0).atan2(x + 0.0)),
};

pub(super) const DEGREES: Function = Function {
    name: "degrees",
    aliases: &[],
    form: "degrees(x)",
    about: "An angle in radians as one in degrees.",
    examples: &[("degrees(pi())", "180")],
    bind: |args, _| floats(args, f64::to_degrees),
};

pub(super) const RADIANS: Function = Function {
    name: "radians",
    aliases: &[],
    form: "radians(x)",
    about: "An angle in degrees as one in radians.",
    examples: &[("radians(180)", "3.141592653589793")],
    bind: |args, _| floats(args, f64::to_radians),
};
