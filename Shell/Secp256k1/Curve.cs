using System.Diagnostics.CodeAnalysis;

namespace Nitro.Secp256k1;

/// <summary>Chooses the implementation of secp256k1 for this process.</summary>
public static class Curve
{
    private static readonly Lazy<ICurve> Chosen = new(Choose);

    /// <summary>libsecp256k1 where it is installed, sound and complete; else <see cref="Managed"/>.</summary>
    public static ICurve Default => Chosen.Value;

    /// <summary>The implementation in managed code: same answers, several times slower, and not constant-time.</summary>
    public static ICurve Managed { get; } = new ManagedCurve();

    /// <summary>
    /// Binds libsecp256k1 (<c>.so.2</c>, <c>.so.1</c>, <c>.so.0</c>). False when no such library is found, when it lacks the
    /// recovery module, or when it does not reproduce a known signature.
    /// </summary>
    public static bool TryLoadNative([NotNullWhen(true)] out ICurve? curve)
    {
        curve = NativeCurve.TryCreate(out var native) && SelfTest.Passes(native) ? native : null;
        return curve is not null;
    }

    private static ICurve Choose() => TryLoadNative(out var native) ? native : Managed;
}
