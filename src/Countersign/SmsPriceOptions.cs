namespace Countersign;

/// <summary>What a part of an SMS costs (most have one), for what the console says of the spend. Nothing is limited by it.</summary>
public sealed class SmsPriceOptions
{
    public const decimal Max = 100;
    public const int MaxCountries = 300;

    /// <summary>As ISO 4217 has it, such as EUR. Empty: no prices, and no spend.</summary>
    public string Currency { get; set; } = "";

    /// <summary>Of a part of an SMS to a country that has no price of its own: 0 to 100.</summary>
    public decimal Default { get; set; }

    /// <summary>Up to 300.</summary>
    public IList<SmsCountryPriceOptions> Countries { get; } = [];

    internal bool IsSet => Currency.Length > 0;

    internal decimal Of(string country) =>
        Countries.FirstOrDefault(entry => string.Equals(entry.Country, country, StringComparison.OrdinalIgnoreCase))?.Price ?? Default;
}

public sealed class SmsCountryPriceOptions
{
    /// <summary>ISO 3166-1 alpha-2, such as DE.</summary>
    public string Country { get; set; } = "";

    /// <summary>0 to 100.</summary>
    public decimal Price { get; set; }
}
